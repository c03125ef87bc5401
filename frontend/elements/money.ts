/** US dollars as a decimal, as one would say it: cents, and for less than a cent the first two digits that count. */
export function dollars(amount: string): string {
  const value = Number(amount);
  if (!Number.isFinite(value)) return `$${amount}`;
  if (value === 0 || Math.abs(value) >= 0.1) return `$${value.toFixed(2)}`;
  return `$${Number(value.toPrecision(2)).toFixed(decimals(value))}`;
}

function decimals(value: number): number {
  return Math.min(6, 1 - Math.floor(Math.log10(Math.abs(value))));
}
