"""Questions in a stream, and streams announced ahead."""

from riviere import ids
from riviere.client.call import Call, fields, path
from riviere.client.methods import asked, listed
from riviere.wire.announcements import Announcement, AnnounceStream, ChangeAnnouncement
from riviere.wire.common import Page, Paged
from riviere.wire.questions import AddVoice, AskQuestion, Question, QuestionsQuery


class AudienceCalls:
    """Questions, announcements and reminders."""

    @asked
    def ask_question(
        self, creator: str, stream: str, question: AskQuestion, *, key: str | None = None
    ) -> Call[Question]:
        """Ask the creator of a stream."""
        at = path("/v1/users/{creator}/streams/{stream}/questions", creator=creator, stream=stream)
        return Call("POST", at, Question, question, key=ids.new_key() if key is None else key)

    @listed
    def list_questions(self, creator: str, stream: str, query: QuestionsQuery | None = None) -> Call[Page[Question]]:
        """The questions of a stream that everybody sees, in the order in which they were asked."""
        at = path("/v1/users/{creator}/streams/{stream}/questions", creator=creator, stream=stream)
        return Call("GET", at, Page[Question], query=fields(query))

    @asked
    def get_question(self, creator: str, question: str) -> Call[Question]:
        """A question that everybody sees."""
        return Call("GET", path("/v1/users/{creator}/questions/{id}", creator=creator, id=question), Question)

    @asked
    def answer_question(self, creator: str, question: str) -> Call[Question]:
        """Mark a question as answered."""
        at = path("/v1/users/{creator}/questions/{id}/answer", creator=creator, id=question)
        return Call("POST", at, Question, once=True)

    @asked
    def add_voice(self, creator: str, question: str, voice: AddVoice) -> Call[Question]:
        """Say that a viewer wants to know the same."""
        at = path("/v1/users/{creator}/questions/{id}/voices", creator=creator, id=question)
        return Call("POST", at, Question, voice, once=True)

    @asked
    def announce_stream(
        self, creator: str, announcement: AnnounceStream, *, key: str | None = None
    ) -> Call[Announcement]:
        """Announce a coming stream."""
        at = path("/v1/users/{creator}/announcements", creator=creator)
        return Call("POST", at, Announcement, announcement, key=ids.new_key() if key is None else key)

    @listed
    def list_announcements(self, creator: str, query: Paged | None = None) -> Call[Page[Announcement]]:
        """A creator's coming streams, the next one first."""
        at = path("/v1/users/{creator}/announcements", creator=creator)
        return Call("GET", at, Page[Announcement], query=fields(query))

    @asked
    def get_announcement(self, creator: str, announcement: str) -> Call[Announcement]:
        """When a coming stream begins, and how many want to be reminded."""
        at = path("/v1/users/{creator}/announcements/{id}", creator=creator, id=announcement)
        return Call("GET", at, Announcement)

    @asked
    def change_announcement(self, creator: str, announcement: str, change: ChangeAnnouncement) -> Call[Announcement]:
        """Change an announcement's title, text or start."""
        at = path("/v1/users/{creator}/announcements/{id}", creator=creator, id=announcement)
        return Call("PATCH", at, Announcement, change)

    @asked
    def cancel_announcement(self, creator: str, announcement: str) -> Call[Announcement]:
        """Cancel a coming stream."""
        at = path("/v1/users/{creator}/announcements/{id}/cancel", creator=creator, id=announcement)
        return Call("POST", at, Announcement, once=True)

    @listed
    def list_reminders(self, user: str, query: Paged | None = None) -> Call[Page[Announcement]]:
        """The coming streams that a viewer is to be reminded of, the next one first."""
        return Call("GET", path("/v1/users/{user}/reminders", user=user), Page[Announcement], query=fields(query))

    @asked
    def ask_reminder(self, user: str, creator: str, announcement: str) -> Call[None]:
        """Remind a viewer of a creator's coming stream."""
        at = path("/v1/users/{user}/reminders/{creator}/{id}", user=user, creator=creator, id=announcement)
        return Call("PUT", at, type(None))

    @asked
    def withdraw_reminder(self, user: str, creator: str, announcement: str) -> Call[None]:
        """Do not remind a viewer any more."""
        at = path("/v1/users/{user}/reminders/{creator}/{id}", user=user, creator=creator, id=announcement)
        return Call("DELETE", at, type(None))
