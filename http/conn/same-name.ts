const UPPER_A = 0x41;
const UPPER_Z = 0x5a;
const TO_LOWER = 0x20;

/** Whether the name of a header, as it came, is `name`, which is in lower case. Nothing is allocated to compare them. */
export function isSameName(given: string, name: string): boolean {
  if (given.length !== name.length) return false;
  for (let i = 0; i < name.length; i++) {
    const char = given.charCodeAt(i);
    const lower = char >= UPPER_A && char <= UPPER_Z ? char + TO_LOWER : char;
    if (lower !== name.charCodeAt(i)) return false;
  }
  return true;
}
