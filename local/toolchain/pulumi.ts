/** How long Pulumi's download site may take to answer, in milliseconds. */
const timeoutMs = 5_000;

/** Whether Pulumi's own downloads can be reached from this machine. */
export async function reachesPulumi(): Promise<boolean> {
  try {
    const answer = await fetch("https://get.pulumi.com/install.sh", {
      method: "HEAD",
      signal: AbortSignal.timeout(timeoutMs),
    });
    return answer.ok;
  } catch {
    return false;
  }
}
