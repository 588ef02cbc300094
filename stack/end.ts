/**
 * Ends the process once what it printed is read, also where it still waits for something else: `process.exit` alone would
 * lose what a slow reader of a pipe has not read yet.
 */
export function endProcess(code: number): void {
  process.stdout.write("", () => {
    process.stderr.write("", () => {
      process.exit(code);
    });
  });
}
