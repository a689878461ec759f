#include <grapnel/store/postgres/native/conninfo.hpp>

#include "support/catch.hpp"

#include <cstddef>
#include <string>
#include <utility>

using grapnel::postgres::detail::Conninfo;

namespace {

std::string Of(const Conninfo::Options& options, const std::string& keyword) {
  for (const auto& [name, value] : options) {
    if (name == keyword) return value;
  }
  return "-";
}

}  // namespace

TEST_CASE("B182 the URL tells where, and never the password") {
  CHECK(Conninfo("host=a port=7 dbname=app user=ada password=secret").Url() ==
        "host=a port=7 dbname=app user=ada");
  CHECK(Conninfo("postgresql://ada:secret@a:7/app?sslmode=require").Url() ==
        "host=a port=7 dbname=app user=ada");
  CHECK(Conninfo("password=secret").Url() == "postgresql");
}

TEST_CASE("B182 a text that libpq does not take is refused without being repeated") {
  for (const char* text : {"password=my secret", "secret", "host=a secret=x",
                           "postgresql://ada:my/secret@a/app", "postgresql://ada:my@secret@a/app",
                           "postgresql://ada:7/secret@a/app", "postgresql://ada:secret/my@a/app"}) {
    try {
      const Conninfo info(text);
      CHECK(info.Url() == "host=ada port=7");
    } catch (const grapnel::StorageError& error) {
      CHECK(error.Kind() == grapnel::StorageKind::Open);
      const std::string what = error.what();
      CHECK(what.find("secret") == std::string::npos);
      const bool unknown = std::string(text).find("secret=") != std::string::npos;
      CHECK((what.find("knows no option") != std::string::npos) == unknown);
    }
  }
}

TEST_CASE("B182 messages lose what is secret") {
  const Conninfo info("password=hunter2 host=a");
  CHECK(info.Clean("FATAL: no hunter2, hunter2\n") == "FATAL: no ***, ***");
}

TEST_CASE("what nobody says has a default: a server that is gone is noticed") {
  const Conninfo plain("host=a");
  REQUIRE(plain.Hosts().size() == 1);
  CHECK(plain.ConnectTimeout() == 5);
  CHECK(Of(plain.Hosts()[0], "tcp_user_timeout") == "25000");
  CHECK(Of(plain.Hosts()[0], "client_encoding") == "UTF8");
  const Conninfo said("host=a connect_timeout=9 tcp_user_timeout=1 client_encoding=LATIN1");
  CHECK(said.ConnectTimeout() == 9);
  CHECK(Of(said.Hosts()[0], "tcp_user_timeout") == "1");
  CHECK(Of(said.Hosts()[0], "client_encoding") == "UTF8");
}

TEST_CASE("each of several hosts has its own time") {
  const Conninfo two("host=a,b port=1,2 target_session_attrs=read-write");
  REQUIRE(two.Hosts().size() == 2);
  CHECK(Of(two.Hosts()[0], "host") == "a");
  CHECK(Of(two.Hosts()[1], "port") == "2");
  CHECK(Of(two.Hosts()[1], "target_session_attrs") == "read-write");
  CHECK(Conninfo("host=a,b port=1").Hosts()[1].size() == two.Hosts()[1].size() - 1);
  CHECK(Conninfo("host=a,b hostaddr=127.0.0.1,127.0.0.2").Hosts().size() == 1);

  const Conninfo prefers("host=a,b target_session_attrs=prefer-standby");
  REQUIRE(prefers.Hosts().size() == 4);
  CHECK(Of(prefers.Hosts()[1], "target_session_attrs") == "standby");
  CHECK(Of(prefers.Hosts()[2], "target_session_attrs") == "any");
}
