// What a database does, in numbers: Observe hands each measurement to a callback, in the shape of
// OpenTelemetry's and Prometheus' clients, and lines of what is slow or fails to another one. Here
// a registry of a few lines stands for theirs.
//
// Output:
//   failed: mutation entity=Job op=UpdateOne cause=Caller error=grapnel::StaleError
//   grapnel_commit_duration_seconds_count{} 3
//   grapnel_mutation_committed_duration_seconds_count{entity="Job",op="Create"} 2
//   grapnel_mutation_committed_duration_seconds_count{entity="Job",op="Update"} 1
//   grapnel_mutation_duration_seconds_count{entity="Job",op="Create"} 2
//   grapnel_mutation_duration_seconds_count{entity="Job",op="Update"} 1
//   grapnel_mutation_duration_seconds_count{entity="Job",op="UpdateOne"} 1
//   grapnel_mutation_errors_total{entity="Job",op="UpdateOne",error_type="grapnel::StaleError"} 1
//   grapnel_mutation_rows_total{entity="Job",op="Create"} 2
//   grapnel_mutation_rows_total{entity="Job",op="Update"} 2
//   grapnel_mutations_total{entity="Job",op="Create",cause="Caller"} 2
//   grapnel_mutations_total{entity="Job",op="Update",cause="Caller"} 1
//   grapnel_mutations_total{entity="Job",op="UpdateOne",cause="Caller"} 1
//   grapnel_rollbacks_total{} 1

#include <grapnel/extras/observe.hpp>
#include <grapnel/grapnel.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <regex>
#include <string>
#include <string_view>

using grapnel::F;
using namespace std::chrono_literals;

struct Job {
  std::int64_t id = 0;
  std::int64_t minutes = 0;
};

template <>
struct grapnel::Schema<Job> {
  static constexpr std::string_view Type = "Job";
  static constexpr auto Fields() { return grapnel::Fields(Field<&Job::minutes>("minutes")); }
};

// In its place: prometheus::Family::Add(labels).Increment(value), or Counter::Add of OpenTelemetry.
class Registry {
 public:
  void Add(const grapnel::extras::Measured& m) {
    const bool counts = m.kind == grapnel::extras::Kind::Counter;
    std::string name = PrometheusName(m) + (counts ? "{" : "_count{");
    for (const auto& label : m.labels) {
      std::string key(label.key);
      std::replace(key.begin(), key.end(), '.', '_');
      name += fmt::format("{}{}=\"{}\"", name.back() == '{' ? "" : ",", key, label.value);
    }
    const std::lock_guard lock(mutex_);
    sums_[name + "}"] += counts ? m.value : 1;
  }
  void Print() const {
    for (const auto& [name, sum] : sums_) fmt::print("{} {}\n", name, sum);
  }

 private:
  std::mutex mutex_;
  std::map<std::string, double> sums_;
};

int main() {
  Registry registry;
  auto client = grapnel::Open<Job>(":memory:");
  client.Migrate();
  grapnel::extras::Observe(
      client, {.measure = [&](const grapnel::extras::Measured& m) { registry.Add(m); },
               .log =
                   [](std::string_view line) {  // without the time, which is another one each run
                     const std::regex time(" ms=[0-9.]+");
                     fmt::print("failed: {}\n", std::regex_replace(std::string(line), time, ""));
                   },
               .slow = 1h});

  const auto jobs = client.Of<Job>();
  jobs.Create().Set(F<&Job::minutes>, 10).Save();
  jobs.Create().Set(F<&Job::minutes>, 20).Save();
  jobs.Update().Add(F<&Job::minutes>, 1).Save();
  try {
    jobs.UpdateOne(1).Set(F<&Job::minutes>, 0).Where(F<&Job::minutes> > 100).Save();
  } catch (const grapnel::StaleError&) {
  }
  registry.Print();
}
