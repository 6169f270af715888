/** A function that runs `work` at once, then at most every `ms`, the last call never lost, and never twice at a time. */
export function throttled(work: () => Promise<void>, ms: number): () => void {
  let busy = false;
  let again = false;
  const run = async (): Promise<void> => {
    busy = true;
    again = false;
    await work().catch(() => {});
    await new Promise((done) => setTimeout(done, ms));
    busy = false;
    if (again) void run();
  };
  return () => {
    if (busy) again = true;
    else void run();
  };
}
