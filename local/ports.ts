import { commandLine } from "../lib/clone";

/** What to do about a port in use, for the end of a message that reports one; empty for any other message. */
export function wayOut(message: string): string {
  return message.includes("address already in use")
    ? `: stop what uses that port, or run "${commandLine("sandbox", ["down"])}" so that other ports are chosen`
    : "";
}
