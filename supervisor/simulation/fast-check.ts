// The one place that needs fast-check, an optional peer dependency: a program without these tests does without it.

export {
  Arbitrary,
  type AsyncCommand,
  array,
  asyncModelRun,
  boolean,
  constant,
  constantFrom,
  integer,
  oneof,
  type Random,
  record,
  Stream,
  tuple,
  uniqueArray,
  Value,
} from "fast-check";
