/**
 * Ends the process once what it printed is read, whatever else it still waits for: `process.exit` alone would lose what a
 * slow reader of a pipe has not read yet.
 */
export function endProcess(code: number): void {
  process.stdout.write("", () => {
    process.stderr.write("", () => {
      process.exit(code);
    });
  });
}
