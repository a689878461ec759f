#include <grapnel/store/postgres/native/copy.hpp>

#include "store/postgres/server.hpp"
#include "support/catch.hpp"

#include <cstddef>
#include <string>
#include <vector>

using namespace grapnel::postgres::detail;

TEST_CASE("rows in binary are those that the server takes") {
  const OwnSchema schema;
  schema.Run("CREATE TABLE t (a bigint, b text, c boolean, d double precision, e bytea)");
  CopyRows rows;
  for (int row = 0; row < 2; ++row) {
    rows.BeginRow(5);
    rows.Int(1, row);
    row == 0 ? rows.Text(2, "text", false) : rows.Null(2);
    rows.Bool(3, row == 0);
    rows.Real(4, 1.5);
    const std::vector<std::byte> bytes{std::byte{7}};
    rows.Blob(5, bytes, false);
  }
  rows.End();
  PQclear(PQexec(schema.Handle(), "COPY t FROM STDIN (FORMAT binary)"));
  PQputCopyData(schema.Handle(), rows.Bytes().data(), static_cast<int>(rows.Bytes().size()));
  PQputCopyEnd(schema.Handle(), nullptr);
  while (PGresult* result = PQgetResult(schema.Handle())) {
    CHECK(std::string(PQresultErrorMessage(result)).empty());
    PQclear(result);
  }
  CHECK(schema.Run("SELECT * FROM t ORDER BY a") ==
        Rows{"0|text|t|1.5|\\x07", "1|NULL|f|1.5|\\x07"});
  CHECK_THROWS_AS(rows.Text(2, std::string("\0", 1), false), BadValue);
}
