/** Which values of a policy leave nothing out. */

const everything: readonly unknown[] = ["*", "/*", "/{**}", "*/*"];
/** Whatever the address before it is: 0.0.0.0/0, ::/0. */
const everyAddress = /^[\da-f]*[.:][\da-f.:]*\/0+$/i;

/** Whether it stands for every value, every path or every address. */
export const isEverything = (value: unknown): boolean =>
  everything.includes(value) || (typeof value === "string" && everyAddress.test(value));
