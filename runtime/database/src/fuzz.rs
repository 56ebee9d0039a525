//! The targets of `fuzz/` for this crate's parsers: addresses of databases, and plans.

use squall_fuzzing::{Outcome, assert_brief, assert_harmless, text};

use crate::address::DatabaseAddress;
use crate::postgres::read_plan;

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
}
