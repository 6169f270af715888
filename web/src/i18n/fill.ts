// {name} stands for a value; {name|one|many} for the first word where the value is 1, else for the second.
export const fill = (text: string, values: Record<string, string | number>): string =>
  text.replace(/\{(\w+)(?:\|([^|}]*)\|([^}]*))?\}/g, (all, name: string, one?: string, many?: string) => {
    const value = values[name];
    if (value === undefined) return all;
    return one === undefined ? String(value) : Number(value) === 1 ? one : many!;
  });
