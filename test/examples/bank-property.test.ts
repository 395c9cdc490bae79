import { expect, test } from "vitest";
import { testBank } from "../../examples/bank-property.ts";

test("a bank whose teller is started again with the ledger serves whoever comes, whatever was killed", () =>
  testBank(60, "restForOne"));

test("one whose teller is not, does not: the smallest way to see it is to kill the ledger, and to come", () =>
  expect(testBank(60, "oneForOne")).rejects.toThrow("Counterexample: [kill bank/ledger,payment "));
