#pragma once

/// OpenStack's Swift with its API of S3, for tests: all four servers in one process, each on a port
/// of 127.0.0.1, with a device in the process's folder. It verifies signatures as S3 does.

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "support/service.hpp"

/// As Debian's package python3-swift has it.
class Swift : public Service {
 public:
  Swift()
      : Service(
            {.command =
                 [](std::uint16_t port, const std::string& folder) {
                   const std::string script = folder + "/servers.py";
                   std::ofstream(script) << kServers;
                   return std::vector<std::string>{kPython, script, folder, std::to_string(port)};
                 },
             .within = std::chrono::seconds(60)}) {}

  std::string Url() const { return "http://127.0.0.1:" + std::to_string(Port()); }

  static constexpr const char* kRegion = "us-east-1";
  static constexpr const char* kUser = "test:tester";
  static constexpr const char* kSecret = "testing";
  static constexpr int kPage = 7;  // so many keys are listed at a time

  /// Ends a test program as skipped where there is no Swift, before a test begins:
  /// `static const Swift::Needed needed;`
  struct Needed {
    Needed() {
      const std::string look = std::string(kPython) +
                               " -c 'import os, tempfile, swift.common.middleware.s3api\n"
                               "file = tempfile.NamedTemporaryFile()\n"
                               "os.setxattr(file.name, \"user.x\", b\"x\")'";
      if (std::system((look + " 2>/dev/null").c_str()) == 0) return;
      std::printf(
          "skipped: there is no Swift (Debian: apt-get install python3-swift), or the "
          "temporary folder keeps no extended attributes\n");
      std::fflush(stdout);
      std::_Exit(77);
    }
  };

 private:
  static constexpr const char* kPython = "/usr/bin/python3";
  static constexpr std::string_view kServers = R"python(
import os, sys
import eventlet
from eventlet import wsgi
eventlet.patcher.monkey_patch(all=False, socket=True, select=True, thread=True)

folder, port = sys.argv[1], int(sys.argv[2])
with open(folder + '/swift.conf', 'w') as file:
    file.write('[swift-hash]\nswift_hash_path_suffix = test\nswift_hash_path_prefix = test\n')
from swift.common import utils
utils.SWIFT_CONF_FILE = folder + '/swift.conf'
utils.validate_hash_conf()
from swift.common.ring import RingBuilder
from swift.common.wsgi import loadapp

class Cache:
    """What the proxy and tempauth ask memcached: of one process."""
    def __init__(self):
        self.values = {}
    def get(self, key, **_):
        return self.values.get(key)
    def set(self, key, value, **_):
        self.values[key] = value
    def delete(self, key, **_):
        self.values.pop(key, None)
    def incr(self, key, delta=1, **_):
        self.values[key] = int(self.values.get(key, 0)) + delta
        return self.values[key]
    def decr(self, key, delta=1, **_):
        return self.incr(key, -delta)
    def get_multi(self, keys, *_, **__):
        return [self.get(key) for key in keys]
    def set_multi(self, values, *_, **__):
        self.values.update(values)

def cached(*_, **__):
    cache = Cache()
    def wrap(app):
        def serve(env, start):
            env['swift.cache'] = cache
            return app(env, start)
        return serve
    return wrap
sys.modules['servers'] = sys.modules['__main__']

def app(name, text):
    path = '%s/%s.conf' % (folder, name)
    with open(path, 'w') as file:
        file.write('[DEFAULT]\nswift_dir = %s\ndevices = %s/node\nmount_check = false\n'
                   'disable_fallocate = true\nlog_address = /dev/null\n%s' % (folder, folder, text))
    return loadapp(path)

os.makedirs(folder + '/node/d1', exist_ok=True)
sockets = {}
for kind in ('account', 'container', 'object'):
    sockets[kind] = eventlet.listen(('127.0.0.1', 0))
    ring = RingBuilder(4, 1, 1)
    ring.add_dev({'id': 0, 'region': 1, 'zone': 1, 'device': 'd1', 'weight': 1.0,
                  'ip': '127.0.0.1', 'port': sockets[kind].getsockname()[1]})
    ring.rebalance()
    ring.get_ring().save('%s/%s.ring.gz' % (folder, kind))
served = [(sockets[kind],
           app(kind, '[pipeline:main]\npipeline = it\n[app:it]\nuse = egg:swift#%s\n' % kind))
          for kind in sockets]
proxy = app('proxy', '''
[pipeline:main]
pipeline = catch_errors cache s3api tempauth proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:cache]
paste.filter_factory = servers:cached
[filter:tempauth]
use = egg:swift#tempauth
user_test_tester = testing .admin
[filter:s3api]
use = egg:swift#s3api
location = us-east-1
max_bucket_listing = 7
''')
served.append((eventlet.listen(('127.0.0.1', port)), proxy))
for server in [eventlet.spawn(wsgi.server, socket, app, log_output=False)
               for socket, app in served]:
    server.wait()
)python";
};
