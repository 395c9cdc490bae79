// The tasks of the pool in worker-pool.ts: each thread has this file for itself.

/** How many primes there are from `from` up to, but not including, `to`. */
export function countPrimes({ from, to }: { readonly from: number; readonly to: number }): number {
  let count = 0;
  for (let n = Math.max(from, 2); n < to; n++) if (isPrime(n)) count++;
  return count;
}

/** Takes its thread along. */
export function crash(): never {
  return process.exit(1);
}

function isPrime(n: number): boolean {
  for (let divisor = 2; divisor * divisor <= n; divisor++) if (n % divisor === 0) return false;
  return true;
}
