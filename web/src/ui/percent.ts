/** A probability as people say it; what is not known for sure is never "100 %". */
export const percent = (probability: number) => `${Math.min(99, Math.max(1, Math.round(100 * probability)))} %`;
