#include <grapnel/store/postgres/native/raw_words.hpp>

#include "support/catch.hpp"

#include <string>
#include <vector>

using namespace grapnel::postgres::detail;
using Words = std::vector<std::string>;

namespace {

Words Of(std::string_view text) { return RawWords(text).All(); }
/// "reads", "writes", "changes the schema", or why it is refused.
std::string Judged(std::string_view text) {
  const RawWords words(text);
  const RawJudgement judgement(words);
  if (!judgement.Refusal().empty()) return judgement.Refusal();
  if (judgement.Effect().changes_schema) return "changes the schema";
  return judgement.Effect().writes ? "writes" : "reads";
}

}  // namespace

TEST_CASE("words are told from texts, comments and numbers") {
  CHECK(Of("SELECT \"A b\", 'DELETE', x1 FROM t") == Words{"select", "A b", "x1", "from", "t"});
  CHECK(Of("SELECT 1 -- DELETE\n, 2 /* a /* nested */ UPDATE */ FROM t") ==
        Words{"select", "from", "t"});
  CHECK(Of("SELECT 'it''s DELETE', b") == Words{"select", "b"});
  CHECK(Of(R"(SELECT E'it\'s DELETE', b)") == Words{"select", "e", "b"});
  CHECK(Of("SELECT $$ DELETE $$, $tag$ $$ UPDATE $tag$, b") == Words{"select", "b"});
  CHECK(Of(R"(SELECT "a""b")") == Words{"select", "a\"b"});
  CHECK(Of("").empty());
  CHECK(Of("/* open").empty());
  CHECK(Of("'open").empty());
  CHECK(Of("$$open").empty());
}

TEST_CASE("the highest parameter is counted") {
  CHECK(RawWords("SELECT 1").Parameters() == 0);
  CHECK(RawWords("SELECT $2 + $1").Parameters() == 2);
  CHECK(RawWords("SELECT '$7', $1::text").Parameters() == 1);
}

TEST_CASE("B156 what a statement does is told by its words") {
  CHECK(Judged("SELECT * FROM t") == "reads");
  CHECK(Judged("(VALUES (1))") == "reads");
  CHECK(Judged("SHOW search_path") == "reads");
  CHECK(Judged("EXPLAIN DELETE FROM t") == "reads");
  CHECK(Judged("EXPLAIN ANALYZE DELETE FROM t") == "writes");
  CHECK(Judged("WITH a AS (DELETE FROM t RETURNING *) SELECT * FROM a") == "writes");
  CHECK(Judged("SELECT * FROM t FOR UPDATE") == "writes");
  CHECK(Judged("SELECT * FROM t FOR SHARE") == "writes");
  CHECK(Judged("SELECT lo_create(0)") == "writes");
  CHECK(Judged("INSERT INTO t VALUES (1)") == "writes");
  CHECK(Judged("SELECT 1 INTO t") == "changes the schema");
  CHECK(Judged("CREATE TABLE t (a int)") == "changes the schema");
  CHECK(Judged("DO $$ BEGIN DELETE FROM t; END $$") == "changes the schema");
}

TEST_CASE("B156 a name is taken for nothing else, be it a keyword elsewhere") {
  for (const char* text :
       {R"(SELECT "update", "delete" FROM t)", "SELECT 1 AS share", "SELECT 1 AS update",
        "SELECT 1 share", R"(SELECT 1 AS "into")", "SELECT a AS merge, b AS insert FROM t",
        R"(SELECT 1 AS "set_config")", "SELECT set_config FROM t", "SELECT lo_put, lowrite FROM t",
        "SELECT temp, pg.temporary FROM t", "SELECT set_config, (1) FROM t"}) {
    INFO(text);
    CHECK(Judged(text) == "reads");
  }
  for (const char* text : {"CREATE TABLE weather (temp int, temporary int)",
                           "CREATE TABLE temp (a int)", R"(CREATE TABLE "temporary" (a int))",
                           "CREATE INDEX temp ON t (a)", "ALTER TABLE t ADD COLUMN temp int",
                           "SELECT temp INTO t FROM u", R"(CREATE TABLE "local" (temp int))"}) {
    INFO(text);
    CHECK(Judged(text) == "changes the schema");
  }
  CHECK(Judged(R"(SELECT "set_config"('a', 'b', false))").find("set_config()") == 0);
  CHECK(Judged("SELECT set_config -- so\n /* to say */ ('a', 'b', false)").find("set_config()") ==
        0);
  CHECK(Judged("CREATE AGGREGATE a (text, bool) (SFUNC = set_config, STYPE = text)")
            .find("set_config()") == 0);
  for (const char* text :
       {"SELECT * FROM t FOR NO KEY UPDATE", "SELECT * FROM t FOR KEY SHARE",
        "WITH a AS(UPDATE t SET a = 1 RETURNING a) SELECT * FROM a",
        "WITH a AS MATERIALIZED (UPDATE t SET a = 1 RETURNING a) SELECT * FROM a",
        "WITH a AS (SELECT 1) DELETE FROM t", "WITH a AS /* */ (MERGE INTO t) SELECT 1",
        R"(SELECT "lo_unlink" (1))"}) {
    INFO(text);
    CHECK(Judged(text) == "writes");
  }
  for (const char* text :
       {"CREATE LOCAL TEMP TABLE t (a int)", "CREATE GLOBAL TEMPORARY TABLE t (a int)",
        "CREATE OR REPLACE TEMP VIEW t AS SELECT 1", "CREATE TEMP SEQUENCE s",
        "SELECT 1 INTO LOCAL TEMPORARY t", "CREATE TABLE pg_temp.t (a int)"}) {
    INFO(text);
    CHECK(Judged(text).find("what is temporary") == 0);
  }
}

TEST_CASE("B156 what Grapnel keeps to itself is refused") {
  for (const char* text :
       {"BEGIN", "COMMIT", "rollback", "SAVEPOINT a", "/**/ start transaction"}) {
    CHECK(Judged(text).find("a transaction is begun and ended by") == 0);
  }
  for (const char* text : {"SET a = 1", "RESET ALL", "COPY t FROM STDIN", "LISTEN a", "LOCK t",
                           "PREPARE a AS SELECT 1", "DISCARD ALL", "VACUUM", "DEALLOCATE ALL"}) {
    CHECK(Judged(text).find(" is not taken, for it may change the connection") !=
          std::string::npos);
  }
  CHECK(Judged("SELECT set_config('a', 'b', false)").find("set_config()") == 0);
  CHECK(Judged("DELETE FROM grapnel_commits") == "grapnel_commits is Grapnel's own");
  CHECK(Judged("SELECT * FROM grapnel_commits") == "reads");
  CHECK(Judged("CREATE TEMP TABLE t (a int)").find("what is temporary") == 0);
  CHECK(Judged("CREATE OR REPLACE TEMPORARY VIEW t AS SELECT 1").find("what is temporary") == 0);
  CHECK(Judged("SELECT 1 INTO TEMP t").find("what is temporary") == 0);
  CHECK(Judged(R"(DELETE FROM U&"gr\0061pnel_commits")").find("U&") == 0);
  CHECK(Judged(R"(SELECT * FROM u&"a")").find("U&") == 0);
  CHECK(Judged(R"(SELECT 1&"a", U&'d\0061t')") == "reads");
  CHECK(Judged("DO $$ BEGIN DELETE FROM grapnel_commits; END $$") ==
        "grapnel_commits is Grapnel's own");
  CHECK(Judged("DO 'BEGIN DELETE FROM grapnel_commits; END'") ==
        "grapnel_commits is Grapnel's own");
  CHECK(Judged("DO $$ BEGIN EXECUTE 'DELETE FROM ' || 't'; END $$").find("a DO block with") == 0);
  CHECK(Judged("DO E'BEGIN DELETE FROM gr\\x61pnel_commits; END'").find("a DO block is") == 0);
  CHECK(Judged(
            "CREATE FUNCTION f() RETURNS void LANGUAGE sql AS $$ DELETE FROM grapnel_commits $$") ==
        "grapnel_commits is Grapnel's own");
  CHECK(Judged("CREATE TABLE t (a text DEFAULT 'grapnel_commits')") == "changes the schema");
  CHECK(Judged(" -- nothing") == "there is no statement in it");
}
