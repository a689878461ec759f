// The buckets of the avatar sync: in memory, in a folder, and how requests to S3 are signed.
#include "contract/avatar_model.hpp"
#include "contract/fixture.hpp"
#include "support/catch.hpp"

#ifdef AVATAR_SYNC_WITH_S3
#include "../../examples/avatar_sync/buckets/s3.hpp"
#include "../../examples/avatar_sync/buckets/sigv4.hpp"
#include "support/http_server.hpp"
#endif

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <string>
#include <system_error>
#include <vector>

namespace fs = std::filesystem;

TEST_CASE("B255 a bucket in memory and one in a folder do the same") {
  MemoryBucket memory;
  avatars::CheckBucket(memory);
  const Scratch scratch;
  FolderBucket folder(scratch.File("photos"));
  avatars::CheckBucket(folder);
  CHECK(fs::is_empty(scratch.File("photos")));
}

TEST_CASE("B255 a bucket in a folder touches nothing outside of it, and nothing that is no blob") {
  const Scratch scratch;
  const fs::path photos = scratch.File("photos"), outside = scratch.File("outside");
  fs::create_directories(outside / "folder");
  std::ofstream(outside / "file") << "theirs";
  FolderBucket bucket(photos);
  fs::create_symlink(outside, photos / "out");
  fs::create_symlink(outside / "file", photos / "file");
  fs::create_symlink(photos, photos / "round");
  fs::create_directory(photos / "folder");
  std::ofstream(photos / ".hidden") << "theirs";
  for (const char* key : {"out/file", "out/new", "file", "out/folder/x", "round/a", "folder"}) {
    INFO(key);
    CHECK_FALSE(bucket.Exists(key));
    CHECK_THROWS_AS(bucket.Read(key), BucketError);
    bucket.Delete(key);
  }
  for (const char* key : {"out/file", "out/new", "out/folder/x", "round/a", "folder", "file/x"}) {
    INFO(key);
    CHECK_THROWS_AS(bucket.Write(key, "x"), std::system_error);
  }
  CHECK(bucket.Keys().empty());
  bucket.Write("folder/a", "a");
  CHECK(bucket.Keys() == std::vector<std::string>{"folder/a"});
  std::ifstream file(outside / "file");
  CHECK(std::string{std::istreambuf_iterator<char>(file), {}} == "theirs");
  CHECK(std::distance(fs::directory_iterator(outside), fs::directory_iterator()) == 2);
  CHECK(fs::exists(photos / ".hidden"));
  CHECK(fs::is_symlink(photos / "file"));
}

#ifdef AVATAR_SYNC_WITH_S3
// Amazon's own examples: get-vanilla of its test suite, and those of the documentation of S3.
TEST_CASE("B255 requests are signed as AWS signs its examples") {
  const sigv4::Request vanilla{
      "GET",
      "/",
      {},
      {{"host", "example.amazonaws.com"}, {"x-amz-date", "20150830T123600Z"}},
      sigv4::Sha256Hex("")};
  const sigv4::Credentials who{"AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", ""};
  CHECK(sigv4::Authorization(vanilla, who, {"us-east-1", "service", "20150830T123600Z"}) ==
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request,"
        "SignedHeaders=host;x-amz-date,"
        "Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");

  const sigv4::Credentials s3{"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
                              ""};
  const sigv4::Scope scope{"us-east-1", "s3", "20130524T000000Z"};
  const std::string nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
  const std::map<std::string, std::string> headers{{"host", "examplebucket.s3.amazonaws.com"},
                                                   {"x-amz-content-sha256", nothing},
                                                   {"x-amz-date", "20130524T000000Z"}};
  const auto signature = [&](const sigv4::Request& request) {
    const std::string all = sigv4::Authorization(request, s3, scope);
    return all.substr(all.find("Signature=") + 10);
  };
  CHECK(sigv4::Sha256Hex("") == nothing);
  auto ranged = headers;
  ranged["range"] = "bytes=0-9";
  CHECK(signature({"GET", "/test.txt", {}, ranged, nothing}) ==
        "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
  CHECK(signature({"GET", "/", {{"max-keys", "2"}, {"prefix", "J"}}, headers, nothing}) ==
        "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
  CHECK(signature({"GET", "/", {{"lifecycle", ""}}, headers, nothing}) ==
        "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
}

TEST_CASE("B255 what is signed is percent-encoded") {
  CHECK(sigv4::Encoded("a b/\xc3\xbc+~") == "a%20b%2F%C3%BC%2B~");
  CHECK(sigv4::Encoded("a b/\xc3\xbc+~", "/") == "a%20b/%C3%BC%2B~");
  CHECK(sigv4::QueryText({{"b", "2"}, {"a b", "=&"}, {"a", ""}}) == "a=&a%20b=%3D%26&b=2");
}
TEST_CASE("B255 a bucket of S3 takes no wrong answer for a right one") {
  setenv("no_proxy", "127.0.0.1", 1);
  std::function<void(const HttpRequest&, HttpPeer&)> answer;
  HttpRequest asked;
  HttpServer server([&](const HttpRequest& request, HttpPeer& peer) {
    asked = request;
    answer(request, peer);
  });
  S3Bucket bucket({"photos", server.Url(""), "eu-west-1", {"id", "secret", "token"}});
  const auto fails = [&] {
    CHECK_THROWS_AS(bucket.Check(), BucketError);
    CHECK_THROWS_AS(bucket.Write("a", "bytes"), BucketError);
    CHECK_THROWS_AS(bucket.Read("a"), BucketError);
    CHECK_THROWS_AS(bucket.Delete("a"), BucketError);
    CHECK_THROWS_AS(bucket.Exists("a"), BucketError);
    CHECK_THROWS_AS(bucket.Keys(), BucketError);
  };
  for (const int status : {301, 400, 403, 500, 503}) {
    answer = [status](const HttpRequest&, HttpPeer& peer) { peer.Answer(status, "", "no"); };
    fails();
  }
  answer = [](const HttpRequest&, HttpPeer& peer) { peer.Reset(); };
  fails();
  answer = [](const HttpRequest&, HttpPeer& peer) {
    peer.Send("garbage\r\n\r\n");
    peer.Close();
  };
  fails();
  answer = [](const HttpRequest&, HttpPeer& peer) {  // half of it
    peer.Send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n<ListBucketResult>");
    peer.Close();
  };
  CHECK_THROWS_AS(bucket.Read("a"), BucketError);
  CHECK_THROWS_AS(bucket.Keys(), BucketError);
  for (const std::string body :
       {"", "hello", "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>"}) {
    answer = [body](const HttpRequest&, HttpPeer& peer) { peer.Answer(200, "", body); };
    CHECK_THROWS_AS(bucket.Keys(), BucketError);
  }

  // What is asked, and a list whose keys are not encoded, or badly.
  answer = [](const HttpRequest&, HttpPeer& peer) {
    peer.Answer(200, "",
                "<ListBucketResult><Contents><Key>a&amp;lt;&lt;+%41</Key></Contents>"
                "<IsTruncated>false</IsTruncated></ListBucketResult>");
  };
  CHECK(bucket.Keys() == std::vector<std::string>{"a&lt;<+%41"});
  CHECK(asked.target == "/photos?encoding-type=url&list-type=2");
  answer = [](const HttpRequest&, HttpPeer& peer) {
    peer.Answer(200, "",
                "<ListBucketResult><EncodingType>url</EncodingType><Contents><Key>%41+%zz%4</Key>"
                "</Contents></ListBucketResult>");
  };
  CHECK(bucket.Keys() == std::vector<std::string>{"A %zz%4"});
  bucket.Write("\xc3\xbc/a b", "bytes");
  CHECK(asked.method == "PUT");
  CHECK(asked.target == "/photos/%C3%BC/a%20b");
  CHECK(asked.body == "bytes");
  CHECK(asked.Header("host") == "127.0.0.1:" + std::to_string(server.Port()));
  CHECK(asked.Header("x-amz-security-token") == "token");
  CHECK(asked.Header("x-amz-content-sha256") == sigv4::Sha256Hex("bytes"));
  CHECK(asked.Header("expect").empty());
  CHECK(asked.Header("authorization")
            .find("/eu-west-1/s3/aws4_request,SignedHeaders=host;"
                  "x-amz-content-sha256;x-amz-date;x-amz-security-token,"
                  "Signature=") != std::string::npos);
}
#endif
