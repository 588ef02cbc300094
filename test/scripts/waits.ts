// A program for run.test.ts: it says that it runs, and how it was told to end.
process.on("SIGTERM", () => {
  process.stdout.write("ended by SIGTERM\n", () => process.exit(0));
});
process.stdout.write("runs\n");
setInterval(() => undefined, 60_000);
