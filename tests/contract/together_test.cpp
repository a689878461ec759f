// B212: what is ready-made, all of it on one entity: soft deletes, audit, tenants, timestamps,
// versions and an outbox, whatever the order of the mixins and of what is registered.
#include "contract/fixture.hpp"
#include "support/catch.hpp"

#include <grapnel/extras/audit.hpp>
#include <grapnel/extras/mixins.hpp>
#include <grapnel/extras/outbox.hpp>
#include <grapnel/extras/privacy.hpp>
#include <grapnel/extras/soft_delete.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using grapnel::F;
using grapnel::Op;
namespace extras = grapnel::extras;
namespace outbox = grapnel::extras::outbox;
using extras::ShowDeleted;
using extras::SoftDelete;
using extras::Timestamps;
using extras::Versioned;
using namespace std::chrono_literals;

namespace together {

struct Viewer {
  std::int64_t tenant = 0;
};
struct Tenanted {
  std::int64_t tenant = 0;
};

/// Every two of the mixins stand in both orders.
template <int>
struct Order;
template <>
struct Order<0> {
  using Mixins = grapnel::Mixins<Timestamps, Versioned, SoftDelete, Tenanted>;
};
template <>
struct Order<1> {
  using Mixins = grapnel::Mixins<Versioned, SoftDelete, Tenanted, Timestamps>;
};
template <>
struct Order<2> {
  using Mixins = grapnel::Mixins<SoftDelete, Tenanted, Timestamps, Versioned>;
};
template <>
struct Order<3> {
  using Mixins = grapnel::Mixins<Tenanted, SoftDelete, Versioned, Timestamps>;
};

template <int N>
struct Folder;
template <int N>
struct Doc : Timestamps, Versioned, SoftDelete, Tenanted {
  std::int64_t id = 0;
  std::string title;
  std::int64_t words = 0;
  grapnel::One<Folder<N>> folder{};
};
template <int N>
struct Folder : Timestamps, Versioned, SoftDelete, Tenanted {
  std::int64_t id = 0;
  std::string name;
  grapnel::Many<Doc<N>> docs{};
};

}  // namespace together
using namespace together;

template <>
struct grapnel::Schema<Tenanted> {
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&Tenanted::tenant>("tenant").Immutable());
  }
  template <class E>
  static auto Guard() {
    return grapnel::Guard(extras::TenantBy<Viewer>(F<&Tenanted::tenant>, &Viewer::tenant));
  }
};
template <int N>
struct grapnel::Schema<Doc<N>> {
  static constexpr std::string_view Type = "Doc";
  using Mixins = typename Order<N>::Mixins;
  static constexpr auto Fields() {
    return grapnel::Fields(Field<&Doc<N>::title>("title"),
                           Field<&Doc<N>::words>("words").Default(0));
  }
  static constexpr auto Edges() {
    return grapnel::Edges(From<&Doc<N>::folder>("folder").template Ref<&Folder<N>::docs>());
  }
  static auto Indexes() {
    return grapnel::Indexes(Index<&Tenanted::tenant, &Doc<N>::title>().Unique().Where(
        F<&SoftDelete::deleted_at>.IsNull()));
  }
};
template <int N>
struct grapnel::Schema<Folder<N>> {
  static constexpr std::string_view Type = "Folder";
  using Mixins = typename Order<N>::Mixins;
  static constexpr auto Fields() { return grapnel::Fields(Field<&Folder<N>::name>("name")); }
  static constexpr auto Edges() {
    return grapnel::Edges(To<&Folder<N>::docs>("docs").OnDelete(Cascade));
  }
};

namespace {

/// What must be there.
struct Row {
  std::int64_t tenant = 0;
  std::string title{};
  std::int64_t words = 0, version = 1;
  std::optional<std::int64_t> folder{};
  int deletion = 0;  // 0: it is shown
  extras::Clock::Time created{}, updated{};
};

template <int N>
class Program {
 public:
  using D = Doc<N>;
  using Fo = Folder<N>;
  using View = grapnel::store::View<D, Fo, extras::AuditEntry, extras::AuditHead, outbox::Event,
                                    outbox::Lane>;

  Program(unsigned seed, bool audit_first) : random_(seed) {
    client_.Migrate();
    const auto audit = [&] { client_.Use(extras::Audit()); };
    const auto guard = [&] { client_.Guard(extras::DenyWithout<Viewer>()); };
    const auto publish = [&] {
      client_.template Of<D>().Use(
          outbox::Publish<D>("doc").To("copy").Payload([](const outbox::Change<D>& change) {
            const D& doc = *change.New();  // deletions are soft
            return Told(doc.title, doc.words, doc.version, doc.deleted_at.has_value());
          }));
    };
    audit_first ? (audit(), guard(), publish()) : (publish(), guard(), audit());
    for (std::int64_t tenant = 1; tenant <= 2; ++tenant) {
      folders_.push_back(
          As(tenant).template Of<Fo>().Create().Set(F<&Fo::name>, "folder").Save().id);
      written_ += 1;
    }
  }

  void Run(int steps) {
    for (int step = 0; step < steps; ++step) {
      INFO("order " << N << ", step " << step);
      now_ += 1s;
      Step();
      Check();
    }
  }

 private:
  static std::string Told(const std::string& title, std::int64_t words, std::int64_t version,
                          bool deleted) {
    return fmt::format("{} {} {}{}", title, words, version, deleted ? " deleted" : "");
  }
  std::size_t Below(std::size_t most) { return random_() % most; }
  View As(std::int64_t tenant) const {
    return client_.With(Viewer{tenant}).With(extras::Actor{"tenant " + std::to_string(tenant)});
  }
  std::int64_t AnyId() {
    if (rows_.empty()) return 1;
    auto at = rows_.begin();
    std::advance(at, static_cast<std::ptrdiff_t>(Below(rows_.size())));
    return at->first;
  }
  bool IsShown(std::int64_t id, std::int64_t tenant) const {
    const auto at = rows_.find(id);
    return at != rows_.end() && at->second.tenant == tenant && at->second.deletion == 0;
  }
  void Wrote(Row& row) {
    ++told_;
    ++row.version;
    row.updated = now_;
    ++written_;
  }

  void Step() {
    const auto tenant = static_cast<std::int64_t>(1 + Below(2));
    const auto client = As(tenant);
    const auto docs = client.template Of<D>();
    const std::string title = "title " + std::to_string(Below(8));
    const bool taken = [&] {
      for (const auto& [id, row] : rows_) {
        if (row.tenant == tenant && row.title == title && row.deletion == 0) return true;
      }
      return false;
    }();
    const std::int64_t id = AnyId();
    const bool shown = IsShown(id, tenant);
    switch (Below(8)) {
      case 0:
      case 1: {
        const auto folder = folders_[static_cast<std::size_t>(tenant) - 1];
        const bool in_folder = Below(2) == 0 && folder_deletion_[tenant] == 0;
        auto create = docs.Create();
        create.Set(F<&D::title>, title).Set(F<&D::words>, 3);
        if (in_folder) create.Set(F<&D::folder>, folder);
        if (taken) {
          CHECK_THROWS_AS(create.Save(), grapnel::ConstraintError);
          break;
        }
        Row row{tenant, title, 3, 1, {}, 0, now_, now_};
        if (in_folder) row.folder = folder;
        rows_[create.Save().id] = row;
        ++written_;
        ++told_;
        break;
      }
      case 2: {
        auto update = docs.UpdateOne(id);
        update.Add(F<&D::words>, 1);
        if (!shown) {
          CHECK_THROWS_AS(update.Save(), grapnel::NotFoundError);
          break;
        }
        const D after = update.Save();
        rows_[id].words += 1;
        Wrote(rows_[id]);
        CHECK(after.version == rows_[id].version);
        break;
      }
      case 3: {  // who comes too late
        if (!shown) break;
        const auto stale = [&] {
          docs.UpdateOne(id)
              .Set(F<&D::words>, 0)
              .Set(F<&Versioned::version>, rows_[id].version - 1)
              .Save();
        };
        CHECK_THROWS_AS(stale(), grapnel::StaleError);
        break;
      }
      case 4: {
        std::int64_t count = 0;
        for (auto& [each, row] : rows_) {
          if (row.tenant != tenant || row.deletion != 0 || row.words < 4) continue;
          row.words = 2;
          Wrote(row);
          ++count;
        }
        CHECK(docs.Update().Where(F<&D::words> >= 4).Set(F<&D::words>, 2).Save() == count);
        break;
      }
      case 5: {
        if (!shown) {
          CHECK_THROWS_AS(docs.DeleteOne(id).Exec(), grapnel::NotFoundError);
          break;
        }
        docs.DeleteOne(id).Exec();
        rows_[id].deletion = ++deletions_;
        Wrote(rows_[id]);
        break;
      }
      case 6: {  // a folder with all in it, and back
        const auto folder = folders_[static_cast<std::size_t>(tenant) - 1];
        int& deletion = folder_deletion_[tenant];
        if (deletion == 0) {
          client.template Of<Fo>().DeleteOne(folder).Exec();
          deletion = ++deletions_;
          ++written_;
          for (auto& [each, row] : rows_) {
            if (row.folder != folder || row.deletion != 0) continue;
            row.deletion = deletion;
            Wrote(row);
          }
        } else if (CanComeBack(deletion)) {
          extras::Restore<Fo>(client, folder);
          ComeBack(std::exchange(deletion, 0));
          ++written_;
        }
        break;
      }
      default: {
        const auto at = rows_.find(id);
        if (at == rows_.end() || at->second.tenant != tenant || at->second.deletion == 0) break;
        const int deletion = at->second.deletion;
        const bool with_folder = folder_deletion_[tenant] == deletion;
        if (!CanComeBack(deletion)) {
          CHECK_THROWS_AS(extras::Restore<D>(client, id), grapnel::ConstraintError);
          break;
        }
        extras::Restore<D>(client, id);
        ComeBack(deletion);
        if (with_folder) {
          folder_deletion_[tenant] = 0;
          ++written_;
        }
        break;
      }
    }
  }

  bool CanComeBack(int deletion) const {
    for (const auto& [id, row] : rows_) {
      if (row.deletion != deletion) continue;
      for (const auto& [other, there] : rows_) {
        const bool clashes = other != id && there.tenant == row.tenant && there.title == row.title;
        if (clashes && (there.deletion == 0 || (there.deletion == deletion && other < id))) {
          return false;
        }
      }
    }
    return true;
  }
  void ComeBack(int deletion) {
    for (auto& [id, row] : rows_) {
      if (row.deletion != deletion) continue;
      row.deletion = 0;
      Wrote(row);
    }
  }

  void Check() {
    std::int64_t there = 0;
    for (std::int64_t tenant = 1; tenant <= 2; ++tenant) {
      const auto client = As(tenant);
      std::map<std::int64_t, D> shown, all;
      for (D& doc : client.template Of<D>().Query().All()) shown[doc.id] = doc;
      for (D& doc : client.With(ShowDeleted{}).template Of<D>().Query().All()) all[doc.id] = doc;
      for (const auto& [id, row] : rows_) {
        REQUIRE(shown.contains(id) == (row.tenant == tenant && row.deletion == 0));
        REQUIRE(all.contains(id) == (row.tenant == tenant));
        if (row.tenant != tenant) continue;
        const D& doc = all[id];
        REQUIRE((doc.title == row.title && doc.words == row.words && doc.tenant == tenant));
        REQUIRE(doc.version == row.version);
        REQUIRE((doc.created_at == row.created && doc.updated_at == row.updated));
        REQUIRE(doc.deleted_at.has_value() == (row.deletion != 0));
      }
      there += static_cast<std::int64_t>(all.size());
    }
    REQUIRE(there == static_cast<std::int64_t>(rows_.size()));
    REQUIRE(client_.template Of<extras::AuditEntry>().Query().Count() == written_);
    REQUIRE(extras::Verify(client_).empty());

    // Who follows the events has the rows, and was told of each write once.
    while (relay_.RunOnce().delivered > 0) continue;
    std::map<std::string, std::string> expected;
    for (const auto& [id, row] : rows_) {
      expected[std::to_string(id)] = Told(row.title, row.words, row.version, row.deletion != 0);
    }
    REQUIRE(copy_ == expected);
    REQUIRE(relay_.Total().delivered == told_);
  }

  extras::Clock::Time now_ = std::chrono::sys_days(std::chrono::year(2026) / 1 / 1);
  const extras::ScopedClock clock_{[this] { return now_; }};
  Scratch scratch_{};
  grapnel::Database<D, Fo, extras::AuditEntry, extras::AuditHead, outbox::Event, outbox::Lane>
      client_ =
          engine::Open<D, Fo, extras::AuditEntry, extras::AuditHead, outbox::Event, outbox::Lane>(
              scratch_.File("test.db"));
  std::map<std::string, std::string> copy_;
  outbox::Relay relay_{client_, "copy", [this](const outbox::Event& event, const std::stop_token&) {
                         copy_[event.key] = event.payload;
                       }};
  std::mt19937 random_;
  std::map<std::int64_t, Row> rows_;
  std::vector<std::int64_t> folders_;
  std::map<std::int64_t, int> folder_deletion_;
  int deletions_ = 0;
  std::int64_t written_ = 0;  // rows, as the trail tells of them
  std::int64_t told_ = 0;     // those of docs
};

template <int N>
void RunBoth() {
  Program<N>(N, true).Run(60);
  Program<N>(N + 100, false).Run(60);
}

}  // namespace

TEST_CASE("B212 all together: each keeps its own promises after each step") {
  RunBoth<0>();
  RunBoth<1>();
  RunBoth<2>();
  RunBoth<3>();
}
