// A program for run.test.ts: it says that it runs and each signal, and takes a while to end.
process.on("SIGTERM", () => {
  process.stdout.write("told to end\n");
  setTimeout(() => process.exit(0), 1_000);
});
process.stdout.write("runs\n");
setInterval(() => undefined, 60_000);
