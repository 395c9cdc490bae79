import { accepts, type Conn, getFormat, type PlugFn, putFormat } from "hornbeam/http";
import { describe, expect, test } from "vitest";
import { ask } from "../support.ts";

/** The format that is found, or the status and message of the refusal. */
async function found(formats: string[], accept: string | undefined, what = "GET /"): Promise<string> {
  const plug: PlugFn<any, any> = (conn) => accepts(formats)(conn).text(getFormat(accepts(formats)(conn)) ?? "none");
  return (await ask(plug, what, accept === undefined ? {} : { headers: { accept } })).body;
}

describe("accepts", () => {
  test.each<[formats: string[], accept: string | undefined, format: string]>([
    [["json"], undefined, "json"],
    [["html", "json"], undefined, "html"],
    [["json", "html"], "*/*", "json"],
    [["json", "html"], "*/*;q=0.1", "json"],
    [["html", "json"], "application/json", "json"],
    [["html", "json"], "Application/JSON; charset=utf-8", "json"],
    [["json", "html"], "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "html"],
    [["json", "html"], "application/json, */*;q=0.1", "html"],
    [["json", "xml"], "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "xml"],
    [["json", "txt"], "text/html, */*;q=0.1", "json"],
    [["json", "html"], "text/*", "html"],
    [["html", "json"], "application/*", "json"],
    [["html", "json"], "text/html;q=0.7, application/json;q=0.8", "json"],
    [["html", "json"], "text/html;q=0.7, application/json", "json"],
    [["html", "json"], "application/json;q=0.7, text/html;q=0.7", "json"],
    [["html", "json"], "text/html;q=0, application/json;q=0.1", "json"],
    [["html", "json"], "nonsense, application/json", "json"],
  ])("%j for %j is %s", async (formats, accept, format) => {
    expect(await found(formats, accept)).toBe(format);
  });

  test.each(["image/png", "application/vnd.x", "text/html;q=0", "nonsense", ""])(
    "refuses %j with 406",
    async (accept) => {
      expect(await found(["html", "json"], accept)).toBe(
        "406 no supported media type in the accept header, expected one of html, json\n",
      );
    },
  );

  test("takes the parameter _format before the header, and refuses one that it does not have with 406", async () => {
    expect(await found(["html", "json"], "text/html", "GET /?_format=json")).toBe("json");
    expect(await found(["html", "json"], "text/html", "GET /?_format=xml")).toBe(
      "406 unknown format 'xml', expected one of html, json\n",
    );
    expect(await found(["html", "json"], "text/html", "GET /?_format[]=json")).toContain("406 unknown format");
  });

  test.each([[[]], ["html"], [undefined], [["html", "nosuchformat"]]])(
    "refuses the formats %j when it is declared",
    (formats) => {
      expect(() => accepts(formats as never)).toThrow(/expected formats/);
    },
  );
});

test("a format may be put, and is the parameter _format where nobody has", async () => {
  const shows = (conn: Conn<any>) => conn.text(getFormat(conn) ?? "none");
  expect((await ask((conn) => shows(putFormat(conn, "xml")), "GET /?_format=json")).body).toBe("xml");
  expect((await ask(shows, "GET /?_format=json")).body).toBe("json");
  expect((await ask(shows)).body).toBe("none");
});
