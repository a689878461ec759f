// A user's program over an installed copy that asks for the libraries of the outbox's sinks: they
// are found, and linked.
#include <curl/curl.h>
#include <hiredis/hiredis.h>
#include <nats/nats.h>
#include <openssl/crypto.h>

int main() {
  redisReader* reader = redisReaderCreate();
  const bool all = reader != nullptr && curl_version() != nullptr && OPENSSL_VERSION_NUMBER != 0 &&
                   OpenSSL_version(OPENSSL_VERSION) != nullptr && nats_GetVersion() != nullptr;
  redisReaderFree(reader);
  return all ? 0 : 1;
}
