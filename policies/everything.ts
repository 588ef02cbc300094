/** Which values of a policy match everything. */

const everything: readonly unknown[] = ["*", "/*", "/{**}", "*/*"];
/** For any address in front of it: 0.0.0.0/0, ::/0. */
const everyAddress = /^[\da-f]*[.:][\da-f.:]*\/0+$/i;

/** Whether it matches every value, every path or every address. */
export const isEverything = (value: unknown): boolean =>
  everything.includes(value) || (typeof value === "string" && everyAddress.test(value));
