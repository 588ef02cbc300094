/** Something that the person at the keyboard can mend. Its message is one line that says how; no stack trace is shown. */
export class Failure extends Error {
  override name = "Failure";
}
