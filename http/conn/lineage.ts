import { callSite } from "./call-site.ts";
import type { Conn } from "./conn.ts";

/** A conn that was made of another one; by a change, if it says where. */
interface Made {
  readonly conn: Conn<any>;
  readonly from: Conn<any>;
  readonly site: string | undefined;
}

/** Which conn of a request was made of which, and where: kept in development, to say which changes were lost. */
export class Lineage {
  private made: Made[] = [];

  changed(conn: Conn<any>, from: Conn<any>): void {
    this.made.push({ conn, from, site: callSite() ?? "an unknown place" });
  }

  copied(conn: Conn<any>, from: Conn<any>): void {
    this.made.push({ conn, from, site: undefined });
  }

  /** Forgets what `conn` is not made of. */
  keep(conn: Conn<any>): void {
    this.made = this.of(conn);
  }

  /** Where conns were changed, of which `conn` is not made. */
  lost(conn: Conn<any>): readonly string[] {
    const own = new Set(this.of(conn));
    const sites = this.made.filter((made) => !own.has(made)).map(({ site }) => site);
    return [...new Set(sites)].filter((site) => site !== undefined);
  }

  private of(conn: Conn<any>): Made[] {
    const own: Made[] = [];
    let at = conn;
    for (const made of this.made.toReversed()) {
      if (made.conn !== at) continue;
      own.unshift(made);
      at = made.from;
    }
    return own;
  }
}
