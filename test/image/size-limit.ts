/**
 * What the image may copy of this project and its production dependencies, in
 * megabytes of 1,000,000 bytes. Whoever needs more has taken in a large
 * library, and raises the limit knowingly.
 */
export const copiedLimitMegabytes = 60;

/** Files that npm installs and that the Dockerfile deletes again. */
export const neverLoaded = /\.([cm]?ts|map|bare)$/;
