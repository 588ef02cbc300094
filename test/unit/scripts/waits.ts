/** A program for run.test.ts: it prints that it runs and that it was told to end, and takes a second to end. */
process.on("SIGTERM", () => {
  process.stdout.write("told to end\n");
  setTimeout(() => process.exit(0), 1_000);
});
process.stdout.write("runs\n");
setInterval(() => undefined, 60_000);
