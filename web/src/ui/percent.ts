/** A probability as people say it; what is not known for sure is never "100 %". */
export const percent = (probability: number) => (probability < 0.01 ? "<1 %" : `${Math.min(99, Math.round(100 * probability))} %`);
