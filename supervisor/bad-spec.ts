/** A child spec or a flag is not legal. `why` names the field as OTP does: `{ invalidRestart: "forever" }`. */
export class BadSpec extends Error {
  override readonly name = "BadSpec";
  readonly why: unknown;
  constructor(message: string, why: unknown) {
    super(message);
    this.why = why;
  }
}
