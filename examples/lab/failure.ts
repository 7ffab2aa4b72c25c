/** A fact that an example claims is false, or something it needs is not there: what ends it, in a sentence. */
export class Failure extends Error {}
