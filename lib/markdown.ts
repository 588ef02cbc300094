/** GitHub's Markdown, for a comment on a pull request or a job's summary. */

/** Characters; GitHub refuses a comment of more than 65 536. */
export const commentLimit = 60_000;

/**
 * A text that Markdown shows as it is: without mark-up, links or mentions of users. A bar is escaped too, because it
 * would end a table's cell.
 */
export function code(text: string): string {
  const line = text.replaceAll(/\s+/g, " ").replaceAll("|", "\\|");
  const longest = longestFence(line);
  const fence = "`".repeat(longest + 1);
  return longest === 0 ? `${fence}${line}${fence}` : `${fence} ${line} ${fence}`;
}

/** Lines as they are, in a code block. */
export function codeBlock(lines: readonly string[]): string {
  const text = lines.join("\n");
  const fence = "`".repeat(Math.max(3, longestFence(text) + 1));
  return `${fence}text\n${text}\n${fence}`;
}

function longestFence(text: string): number {
  return Math.max(0, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length));
}

/** Keeps items until the first that is not taken, so that there are no gaps. */
export function untilFirst(take: (part: string) => boolean): (part: string) => boolean {
  let full = false;
  return (part) => {
    full ||= !take(part);
    return !full;
  };
}
