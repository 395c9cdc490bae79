// What is wrong with what a visitor has typed, in words.

export function checkEmail(email: string): readonly string[] {
  const errors: string[] = [];
  if (!/^[^\s@]+@[^\s@]+$/.test(email)) errors.push("must have the @ sign and no spaces");
  if (email.length > 160) errors.push("should be at most 160 characters");
  return errors;
}

export function checkPassword(password: string): readonly string[] {
  if (password.length < 12) return ["should be at least 12 characters"];
  if (password.length > 200) return ["should be at most 200 characters"];
  return [];
}
