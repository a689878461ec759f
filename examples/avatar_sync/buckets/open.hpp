#pragma once

#include "../bucket.hpp"
#include "folder.hpp"
#include "memory.hpp"
#ifdef AVATAR_SYNC_WITH_S3
#include "s3.hpp"
#endif

#include <fmt/format.h>

#include <cstddef>
#include <cstdlib>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

/// The parts of a bucket's URL: KIND://NAME?parameter=value&...
struct BucketUrl {
  std::string kind{}, name{};
  std::map<std::string, std::string> parameters{};

  explicit BucketUrl(std::string_view url) {
    const std::size_t colon = url.find("://");
    if (colon == url.npos) return;
    kind = url.substr(0, colon);
    name = url.substr(colon + 3);
    if (kind == "file") return;  // a path may hold anything
    const std::size_t mark = name.find('?');
    if (mark == name.npos) return;
    std::string_view rest = url.substr(colon + 3 + mark + 1);
    name.resize(mark);
    while (!rest.empty()) {
      const std::string_view part = rest.substr(0, rest.find('&'));
      rest.remove_prefix(part.size() + (part.size() < rest.size() ? 1 : 0));
      const std::size_t equals = part.find('=');
      parameters[std::string(part.substr(0, equals))] =
          equals == part.npos ? "" : part.substr(equals + 1);
    }
  }
};

/// The bucket of S3 that a URL names, with the credentials that the environment holds. Google's
/// storage has the same API, with credentials that it calls HMAC keys: gs:// was never tried.
inline std::unique_ptr<Bucket> OpenS3([[maybe_unused]] BucketUrl url) {
#ifdef AVATAR_SYNC_WITH_S3
  const auto variable = [](const char* name) {
    const char* value = std::getenv(name);
    return std::string(value != nullptr ? value : "");
  };
  const auto parameter = [&](const char* name, const std::string& otherwise) {
    const auto found = url.parameters.find(name);
    std::string value = found == url.parameters.end() ? otherwise : found->second;
    url.parameters.erase(name);
    return value;
  };
  S3Options options{.bucket = url.name};
  const bool is_google = url.kind == "gs";
  options.region = parameter("region", is_google ? "auto" : "us-east-1");
  options.endpoint =
      parameter("endpoint", is_google ? "https://storage.googleapis.com"
                                      : "https://s3." + options.region + ".amazonaws.com");
  if (!url.parameters.empty()) {
    throw BucketError(fmt::format("there is no parameter {:?}", url.parameters.begin()->first));
  }
  options.who = {variable("AWS_ACCESS_KEY_ID"), variable("AWS_SECRET_ACCESS_KEY"),
                 variable("AWS_SESSION_TOKEN")};
  if (options.who.id.empty() || options.who.secret.empty()) {
    throw BucketError("AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set");
  }
  auto bucket = std::make_unique<S3Bucket>(std::move(options));
  bucket->Check();
  return bucket;
#else
  throw BucketError("this program was built without S3, which needs libcurl and OpenSSL");
#endif
}

/// The bucket that a URL names: "mem://NAME", a new and empty one, "file://DIR",
/// "s3://BUCKET?endpoint=URL&region=NAME" or "gs://BUCKET". Throws: BucketError with the URL in it.
inline std::unique_ptr<Bucket> OpenBucket(std::string_view text) {
  const BucketUrl url(text);
  try {
    if (!url.name.empty()) {
      if (url.kind == "mem") return std::make_unique<MemoryBucket>();
      if (url.kind == "file") return std::make_unique<FolderBucket>(url.name);
      if (url.kind == "s3" || url.kind == "gs") return OpenS3(url);
    }
  } catch (const std::runtime_error& error) {  // a std::system_error is one, too
    throw BucketError(fmt::format("cannot open the bucket {:?}: {}", text, error.what()));
  }
  throw BucketError(fmt::format(
      "cannot open the bucket {:?}: write mem://NAME, file://DIR, s3://BUCKET or gs://BUCKET",
      text));
}
