// Inside the frame of a creator's own widget, before anything of theirs: what the page around it says is dispatched as the
// events that such widgets listen for, and the few calls that they make are answered. Sources: overlay_custom.js.
"use strict";
(() => {
  const kinds = ["onWidgetLoad", "onEventReceived", "onSessionUpdate"];
  const around = window.parent;
  const kept = new Map();
  let loaded = false;
  const ready = () => around.postMessage("ready", "*");
  addEventListener("message", (message) => {
    if (message.source !== around) return;
    if (message.data?.kind === "ready?" && loaded) ready();
    if (!kinds.includes(message.data?.kind)) return;
    dispatchEvent(new CustomEvent(message.data.kind, { detail: message.data.detail }));
  });
  addEventListener("load", () => {
    loaded = true;
    ready();
  });
  // There is no storage in an opaque origin: what a widget keeps is kept until the overlay is loaded again.
  window.SE_API = {
    store: {
      set: async (key, value) => void kept.set(`${key}`, structuredClone(value)),
      get: async (key) => kept.get(`${key}`) ?? null,
    },
    counters: { get: async (counter) => ({ counter, value: 0 }) },
    sanitize: async ({ message }) => ({ result: { message }, skip: false }),
    cheerFilter: async (message) => message,
    setField: () => {},
    getOverlayStatus: () => ({ isEditorMode: false, muted: false }),
    resumeQueue: () => around.postMessage("resume", "*"),
  };
})();
