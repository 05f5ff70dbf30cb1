-- The statements of overlays.

-- name: lock_overlays
-- A creator's overlays are made one after the other, so that there are never more than there may be.
SELECT pg_advisory_xact_lock(hashtextextended('overlays', %(creator)s));

-- name: add_overlay
INSERT INTO overlay (
    creator, id, name, widget, least, seconds, sound, made_at, changed_at, shown_entry, shown_notice, shown_ahead
)
VALUES (
    %(creator)s, %(id)s, %(name)s, %(widget)s, %(least)s, %(seconds)s, %(sound)s, %(now)s, %(now)s, %(entry)s,
    %(notice)s, '{}'
);

-- name: read_overlays
SELECT creator, id, name, widget, least, seconds, sound, made_at, changed_at
FROM overlay
WHERE creator = %(creator)s AND (%(id)s::bigint IS NULL OR id = %(id)s)
ORDER BY made_at, id;

-- name: lock_overlay
SELECT 1 FROM overlay WHERE creator = %(creator)s AND id = %(id)s FOR UPDATE;

-- name: change_overlay
UPDATE overlay SET
    name = %(name)s, least = %(least)s, seconds = %(seconds)s, sound = %(sound)s, changed_at = %(now)s
WHERE creator = %(creator)s AND id = %(id)s;

-- name: touch_overlay
UPDATE overlay SET changed_at = %(now)s WHERE creator = %(creator)s AND id = %(id)s;

-- name: delete_overlay
DELETE FROM overlay WHERE creator = %(creator)s AND id = %(id)s;

-- name: add_secrets
INSERT INTO overlay_secret (digest, opens, creator, overlay)
VALUES (%(page)s, 'page', %(creator)s, %(id)s), (%(frame)s, 'widget', %(creator)s, %(id)s);

-- name: delete_secrets
DELETE FROM overlay_secret WHERE creator = %(creator)s AND overlay = %(id)s;

-- name: find_secret
-- Of a creator who was forgotten nothing opens any more.
SELECT s.creator, s.overlay, p.external_id
FROM overlay_secret AS s
INNER JOIN person AS p ON p.user_id = s.creator
WHERE s.digest = %(digest)s AND s.opens = %(opens)s;

-- name: read_shown
SELECT shown_entry, shown_notice, shown_ahead FROM overlay WHERE creator = %(creator)s AND id = %(id)s;

-- name: lock_shown
SELECT shown_entry, shown_notice, shown_ahead FROM overlay WHERE creator = %(creator)s AND id = %(id)s FOR UPDATE;

-- name: save_shown
UPDATE overlay SET shown_entry = %(entry)s, shown_notice = %(notice)s, shown_ahead = %(ahead)s
WHERE creator = %(creator)s AND id = %(id)s;

-- name: read_code
SELECT html, css, js, fields FROM overlay_code WHERE creator = %(creator)s AND overlay = %(id)s;

-- name: save_code
INSERT INTO overlay_code (creator, overlay, html, css, js, fields)
VALUES (%(creator)s, %(id)s, %(html)s, %(css)s, %(js)s, %(fields)s)
ON CONFLICT (creator, overlay) DO UPDATE SET
    html = excluded.html, css = excluded.css, js = excluded.js, fields = excluded.fields;

-- name: delete_code
DELETE FROM overlay_code WHERE creator = %(creator)s AND overlay = %(id)s;
