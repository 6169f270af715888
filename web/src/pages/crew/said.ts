// A job as its crew has left it, with what has not been sent yet.
import type { Unsent } from "../../store/queue";
import type { Job } from "../../types";

export function asSaid(job: Job, waiting: readonly Unsent[]): Job {
  return waiting.reduce((present, { about, body, at, refused }) => {
    const step = present.steps.find(({ id }) => id === body.step);
    if (about !== `jobs/${job.id}` || refused || typeof body.step !== "string") return present;
    if (!step) return { ...present, next: null, side: [] }; // given back
    if (step.done_at || (body.fields as { devices?: unknown }).devices) return present; // restored in parts: more to come
    const steps = present.steps.map((each) => (each === step ? { ...each, done_at: new Date(at).toISOString() } : each));
    return { ...present, steps, next: steps.slice(present.steps.indexOf(step) + 1).find(({ done_at }) => !done_at)?.id ?? null };
  }, job);
}
