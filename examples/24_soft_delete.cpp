// Soft deletes: hidden, with what hangs on it; shown, restored, and deleted for good.
//
// Output:
//   2 albums, 3 photos
//   deleted: 1 album, 1 photo
//   with ShowDeleted: 2 albums, 3 photos
//   another "Norway" may be made
//   Restore: the title is taken
//   restored: 2 albums, 3 photos
//   purged for good: 1 album, 1 photo

#include <grapnel/extras/soft_delete.hpp>
#include <grapnel/grapnel.hpp>

#include <fmt/format.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

using grapnel::F;
namespace extras = grapnel::extras;

struct Photo;

struct Album : extras::SoftDelete {
  std::int64_t id = 0;
  std::string title;
  grapnel::Many<Photo> photos;
};
struct Photo : extras::SoftDelete {
  std::int64_t id = 0;
  std::string file;
  grapnel::One<Album> album;
};

template <>
struct grapnel::Schema<Album> {
  static constexpr std::string_view Type = "Album";
  using Mixins = grapnel::Mixins<extras::SoftDelete>;
  static constexpr auto Fields() { return grapnel::Fields(Field<&Album::title>("title")); }
  static constexpr auto Edges() {
    return grapnel::Edges(To<&Album::photos>("photos").OnDelete(Cascade));
  }
  static auto Indexes() {  // unique among those that are not deleted
    return grapnel::Indexes(
        Index<&Album::title>().Unique().Where(F<&extras::SoftDelete::deleted_at>.IsNull()));
  }
};
template <>
struct grapnel::Schema<Photo> {
  static constexpr std::string_view Type = "Photo";
  using Mixins = grapnel::Mixins<extras::SoftDelete>;
  static constexpr auto Fields() { return grapnel::Fields(Field<&Photo::file>("file")); }
  static constexpr auto Edges() {
    return grapnel::Edges(From<&Photo::album>("album").Ref<&Album::photos>());
  }
};

void Show(std::string_view when, const grapnel::Client& client) {
  const auto albums = client.Of<Album>().Query().Count(),
             photos = client.Of<Photo>().Query().Count();
  fmt::print("{}{} album{}, {} photo{}\n", when, albums, albums == 1 ? "" : "s", photos,
             photos == 1 ? "" : "s");
}

Album Add(const grapnel::Client& client, const std::string& title, int photos) {
  const Album album = client.Of<Album>().Create().Set(F<&Album::title>, title).Save();
  for (int i = 0; i < photos; ++i) {
    client.Of<Photo>()
        .Create()
        .Set(F<&Photo::file>, "a.png")
        .Set(F<&Photo::album>, album.id)
        .Save();
  }
  return album;
}

int main() {
  auto client = grapnel::Open<Album, Photo>(":memory:");
  client.Migrate();
  const Album norway = Add(client, "Norway", 2);
  Add(client, "Kitchen", 1);
  Show("", client);

  client.Of<Album>().DeleteOne(norway.id).Exec();  // and its photos with it
  Show("deleted: ", client);
  Show("with ShowDeleted: ", client.With(extras::ShowDeleted{}));

  const Album other = Add(client, "Norway", 0);
  fmt::print("another \"Norway\" may be made\n");
  try {
    extras::Restore<Album>(client, norway.id);
  } catch (const grapnel::ConstraintError& error) {  // and nothing has come back
    fmt::print("Restore: the {} is taken\n", error.Fields().front());
  }
  client.With(extras::ShowDeleted{}).Of<Album>().DeleteOne(other.id).Exec();  // for good
  extras::Restore<Album>(client, norway.id);
  Show("restored: ", client);

  client.Of<Album>().DeleteOne(norway.id).Exec();
  extras::Purge(client, std::chrono::seconds(0));  // in earnest: std::chrono::days(30)
  Show("purged for good: ", client.With(extras::ShowDeleted{}));
}
