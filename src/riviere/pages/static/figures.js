/** A figure of the feed in the reader's own way of writing numbers. */
export const number = (text) => Number(text).toLocaleString(undefined, { maximumFractionDigits: 3 });

/** How full a goal's bar is, of 1,000. */
export const filled = ({ progress, target }) => Math.min(1000, Math.floor((Number(progress) * 1000) / Number(target)));
