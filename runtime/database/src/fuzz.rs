//! The targets of `fuzz/` for this crate's parsers: addresses of databases, and plans.

use squall_fuzzing::{Outcome, assert_brief, assert_harmless, text};

use crate::address::DatabaseAddress;
use crate::explainable::explainable;
use crate::mysql;
use crate::postgres::read_plan;
use crate::token::Dialect;

/// The address of a database. What is shown of it has no password, and is an address itself but for the login.
pub fn database_address(bytes: &[u8]) -> Outcome {
    let read = DatabaseAddress::parse(&text(bytes));
    match &read {
        Ok(address) => {
            assert_harmless(&address.name());
            assert!(!address.name().contains('@'), "{address}");
        }
        Err(error) => assert_harmless(&error.to_string()),
    }
    Outcome::of(&read)
}

/// A plan that PostgreSQL prints. Its numbers are finite, and its text is bounded.
pub fn postgres_plan(bytes: &[u8]) -> Outcome {
    let read = read_plan(&text(bytes));
    if let Err(problem) = &read {
        assert_brief(problem);
    }
    Outcome::of(&read)
}

/// A plan that MySQL or MariaDB prints.
pub fn mysql_plan(bytes: &[u8]) -> Outcome {
    let read = mysql::read_plan(&text(bytes));
    if let Err(problem) = &read {
        assert_brief(problem);
    }
    Outcome::of(&read)
}

/// Packets of a MySQL server: its greeting, errors and rows.
pub fn mysql_packet(bytes: &[u8]) -> Outcome {
    if mysql::understands_packet(bytes) { Outcome::Taken } else { Outcome::Refused }
}

/// A statement, as a target sent it or a server keeps it. What is explained in its place only reads: it is one
/// statement if it was one.
pub fn explained_statement(bytes: &[u8]) -> Outcome {
    let statement = text(bytes);
    let mut outcome = Outcome::Refused;
    for dialect in [Dialect::Postgres, Dialect::Mysql] {
        if let Some(selection) = explainable(&statement, dialect) {
            let first = selection.trim_start_matches(['(', ' ']).to_ascii_lowercase();
            assert!(first.starts_with("select") || first.starts_with("with"), "{selection}");
            assert!(selection.len() <= 3 * statement.len() + 40);
            outcome = Outcome::Taken;
        }
    }
    mysql::understand_digest(&statement);
    outcome
}

#[cfg(test)]
mod tests {
    use squall_fuzzing::{Counting, Target};

    #[global_allocator]
    static ALLOCATOR: Counting = Counting;

    #[test]
    fn database_addresses() {
        let seeds = [
            "postgresql://ada:s%40cret@127.0.0.1:5432/shop?sslmode=require&search_path=a,b",
            "postgres://ada@[::1]/sh%C3%A4op",
            "mysql://ada:secret@host:3307/shop",
            "mariadb://ada@host/shop?sslmode=disable",
        ];
        let pieces = ["://", "@", ":", "%", "?", "sslmode=", "search_path=", "\u{202e}", "/"];
        Target::new("database_address", super::database_address).seeds(&seeds).pieces(&pieces).for_a_while();
    }

    #[test]
    fn postgres_plans() {
        let seeds = [
            r#"[{"Plan":{"Node Type":"Seq Scan","Parallel Aware":false,"Relation Name":"products","Schema":"public","Alias":"p",
            "Startup Cost":0.00,"Total Cost":2041.00,"Plan Rows":100,"Plan Width":37,
            "Filter":"((p.category = $1) AND ((p.name)::text ~~ 'it''s') AND (p.price > 5))"}}]"#,
            r#"[{"Plan":{"Node Type":"Gather","Workers Planned":2,"Total Cost":9.5,"Plans":[{"Node Type":"Hash Join",
            "Join Type":"Inner","Plan Rows":7,"Total Cost":9,"Hash Cond":"(o.\"Owner\" = c.id)","Plans":[
            {"Node Type":"Seq Scan","Parent Relationship":"Outer","Parallel Aware":true,"Relation Name":"o","Alias":"o",
            "Total Cost":5,"Plan Rows":1000},{"Node Type":"Hash","Parent Relationship":"Inner","Plans":[
            {"Node Type":"Seq Scan","Relation Name":"c","Alias":"c","Plan Rows":1,"Total Cost":1}]}]}]}}]"#,
            r#"[{"Plan":{"Node Type":"Nested Loop","Join Type":"Left","Join Filter":"(a.x = b.y)","Total Cost":1e3,"Plan Rows":10,
            "Plans":[{"Node Type":"Seq Scan","Parent Relationship":"Outer","Relation Name":"a","Alias":"a","Plan Rows":10},
            {"Node Type":"Materialize","Parent Relationship":"Inner","Plans":[{"Node Type":"Seq Scan","Relation Name":"b",
            "Alias":"b","Total Cost":10,"Plan Rows":50}]}]}}]"#,
        ];
        let pieces = [
            "((((((((",
            " AND ",
            "p.category = ",
            "\\\"",
            "{\"Plan\":",
            "\"Plans\":[",
            "{\"Node Type\":\"Seq Scan\",\"Relation Name\":\"a\",\"Filter\":\"(a.b = $1)\"},",
            "1e999",
            "-1",
        ];
        Target::new("postgres_plan", super::postgres_plan).seeds(&seeds).pieces(&pieces).for_a_while();
    }

    #[test]
    fn mysql_plans() {
        let seeds = [
            r#"{"query_block":{"select_id":1,"nested_loop":[{"table":{"table_name":"o","access_type":"ALL","rows":50000,
            "filtered":100,"attached_condition":"o.customer = 5 and o.`x y` between 1 and 2"}},{"block-nl-join":{"table":{
            "table_name":"p","access_type":"ALL","rows":99827,"filtered":10},"join_type":"BNLH",
            "attached_condition":"p.maker = o.customer"}}],"subqueries":[{"expression_cache":{"query_block":{}}}]}}"#,
            r#"{"query_block":{"table":{"table_name":"p","access_type":"ALL","rows_examined_per_scan":1000,"filtered":"10.00",
            "using_join_buffer":"hash join","attached_condition":"((`shop`.`p`.`category` = 5) or (1 in (2,3)))"}}}"#,
        ];
        let pieces =
            ["\"table\":{", "\"nested_loop\":[", "\"subqueries\":[", "{\"x\":", " and ", "`", "1e308", "\"rows\":"];
        Target::new("mysql_plan", super::mysql_plan).seeds(&seeds).pieces(&pieces).for_a_while();
    }

    #[test]
    fn mysql_packets() {
        let greeting = b"\x0a10.11.19-MariaDB\0\x05\0\0\0abcdefgh\0\xfe\xf7\x2d\x02\0\xff\x81\x15\0\0\0\0\0\0\0\0\0\0ijklmnopqrst\0mysql_native_password\0";
        let row = b"\x02ab\xfb\x00\xfc\x03\x00abc";
        let seeds: [&[u8]; 3] = [greeting, row, b"\xff\x15\x04#28000Access denied for user 'a'@'b'"];
        let pieces: [&[u8]; 4] = [b"\xfd\xff\xff\xff", b"\xfe\xff\xff\xff\xff\xff\xff\xff\xff", b"\0", b"\xfb"];
        Target::new("mysql_packet", super::mysql_packet).seeds(&seeds).pieces(&pieces).for_a_while();
    }

    #[test]
    fn explained_statements() {
        let seeds = [
            "SELECT a, date $1 FROM b WHERE c = 'it''s' AND d IN ($2, $3) /* e */ FOR UPDATE SKIP LOCKED LIMIT $4",
            "UPDATE ONLY a SET b = (SELECT c FROM d) FROM e WHERE a.f = e.g RETURNING h",
            "DELETE FROM `a b` USING c WHERE d = \"e\" AND f = E'g\\'h'",
            "WITH a AS (SELECT $tag$b$tag$) SELECT * FROM a",
        ];
        let pieces = [
            " FROM ",
            " SET ",
            " WHERE ",
            "(",
            ")",
            "$$",
            "/*",
            "*/",
            "--",
            "'",
            "`",
            "\\",
            " FOR UPDATE ",
            ", ...",
            ";",
        ];
        Target::new("explained_statement", super::explained_statement).seeds(&seeds).pieces(&pieces).for_a_while();
    }
}
