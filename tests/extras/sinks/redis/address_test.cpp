// B254: where a Redis server is.
#include <grapnel/extras/sinks/redis/address.hpp>

#include "support/catch.hpp"

#include <string>

using grapnel::extras::sinks::RedisAddress;

TEST_CASE("B254 the address of a Redis server is read from a URL") {
  const auto read = [](const std::string& url) {
    const RedisAddress a = RedisAddress::Of(url);
    return a.Shown() + " " + a.user + ":" + a.password;
  };
  CHECK(read("redis://localhost") == "localhost:6379 :");
  CHECK(read("redis://localhost/") == "localhost:6379 :");
  CHECK(read("redis://10.0.0.1:7000/15") == "10.0.0.1:7000/15 :");
  CHECK(read("redis://:secret@db:1/0") == "db:1 :secret");
  CHECK(read("redis://ada:a%40%2Fb:%3a@db/2") == "db:6379/2 ada:a@/b::");
  CHECK(read("redis://ada:a/b@c@db") == "db:6379 ada:a/b@c");
  CHECK(read("redis://[::1]:7000/1") == "[::1]:7000/1 :");
  CHECK(read("redis://:x@[fe80::1]") == "[fe80::1]:6379 :x");
  CHECK(RedisAddress::Of("redis://[::1]").host == "::1");
  CHECK(read("unix:///run/redis.sock") == "/run/redis.sock :");
}

TEST_CASE("B254 what is no address of a Redis server is refused, and its password is not said") {
  for (const std::string url : {"",
                                "localhost:6379",
                                "http://localhost",
                                "rediss://localhost",
                                "redis://",
                                "redis://:1",
                                "redis://:secret@",
                                "redis://secret@db",
                                "redis://:secret@db:",
                                "redis://:secret@db:66666",
                                "redis://:secret@db:-1",
                                "redis://:secret@db:1x",
                                "redis://:secret@db/x",
                                "redis://:secret@db/-1",
                                "redis://:secret%4@db",
                                "redis://:secret%zz@db",
                                "redis://:secret%@db",
                                "redis://[::1",
                                "redis://[::1]1",
                                "unix://redis.sock"}) {
    INFO(url);
    std::string said;
    try {
      RedisAddress::Of(url);
    } catch (const grapnel::Error& error) {
      said = error.what();
    }
    CHECK(said.starts_with("extras::sinks::RedisAddress: "));
    CHECK(said.find("secret") == said.npos);
  }
}
