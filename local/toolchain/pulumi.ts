/** How long Pulumi's download site has to answer, in milliseconds. */
const patience = 5_000;

/** Whether Pulumi's own downloads can be had from this machine. */
export async function reachesPulumi(): Promise<boolean> {
  try {
    const answer = await fetch("https://get.pulumi.com/install.sh", {
      method: "HEAD",
      signal: AbortSignal.timeout(patience),
    });
    return answer.ok;
  } catch {
    return false;
  }
}
