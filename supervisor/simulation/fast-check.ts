// The one place that needs fast-check, an optional peer dependency: a program without these tests does without it.

export {
  type Arbitrary,
  type AsyncCommand,
  array,
  asyncModelRun,
  boolean,
  constant,
  constantFrom,
  integer,
  oneof,
  record,
  tuple,
  uniqueArray,
} from "fast-check";
