#pragma once

#include <cstddef>
#include <new>
#include <type_traits>
#include <utility>

#if __has_include(<sys/single_threaded.h>)
#include <sys/single_threaded.h>
#endif

namespace grapnel::core {
namespace detail {

/// Stands in front of a shared object, in the same piece of memory, and counts its owners. One for
/// all types: what is left to do for each is to destroy it.
struct alignas(__STDCPP_DEFAULT_NEW_ALIGNMENT__) SharedBlock {
  void (*destroy)(void* object) noexcept = nullptr;  // null where there is nothing to do
  unsigned owners = 1;
  unsigned watchers = 1;  // of the memory: each Weak, and all owners together

  void* Object() noexcept { return this + 1; }
};

/// As the standard library's pointers: a program of one thread counts without locking the bus.
inline bool IsSingleThreaded() noexcept {
#if __has_include(<sys/single_threaded.h>)
  return __libc_single_threaded != 0;
#else
  return false;
#endif
}

inline void Increase(unsigned& count) noexcept {
  if (IsSingleThreaded()) {
    ++count;
  } else {
    __atomic_fetch_add(&count, 1U, __ATOMIC_RELAXED);
  }
}
/// Returns: whether it was the last.
inline bool Decrease(unsigned& count) noexcept {
  if (IsSingleThreaded()) return --count == 0;
  return __atomic_fetch_sub(&count, 1U, __ATOMIC_ACQ_REL) == 1;
}

/// Memory for a shared object, which has one owner and is not made yet. Throws: std::bad_alloc.
[[gnu::noinline]] inline SharedBlock* AllocateShared(std::size_t size) {
  return ::new (::operator new(sizeof(SharedBlock) + size)) SharedBlock;
}
inline void Unwatch(SharedBlock* block) noexcept {
  if (Decrease(block->watchers)) ::operator delete(static_cast<void*>(block));
}
[[gnu::noinline]] inline void Disown(SharedBlock* block) noexcept {
  if (!Decrease(block->owners)) return;
  if (block->destroy != nullptr) block->destroy(block->Object());
  Unwatch(block);
}
/// Returns: whether there still was an owner to share with.
[[gnu::noinline]] inline bool TryOwn(SharedBlock* block) noexcept {
  unsigned owners = __atomic_load_n(&block->owners, __ATOMIC_RELAXED);
  while (owners != 0) {
    if (__atomic_compare_exchange_n(&block->owners, &owners, owners + 1, true, __ATOMIC_ACQUIRE,
                                    __ATOMIC_RELAXED))
      return true;
  }
  return false;
}

template <class T>
void DestroyShared(void* object) noexcept {
  static_cast<T*>(object)->~T();
}
template <class T>
void DeleteShared(void* pointer) noexcept {
  delete *static_cast<T**>(pointer);
}

}  // namespace detail

/// A pointer to an object with several owners, its type forgotten: what Shared adds types to.
class SharedAny {
 public:
  constexpr SharedAny() noexcept = default;
  SharedAny(const SharedAny& other) noexcept : object_(other.object_), block_(other.block_) {
    if (block_ != nullptr) detail::Increase(block_->owners);
  }
  constexpr SharedAny(SharedAny&& other) noexcept : object_(other.object_), block_(other.block_) {
    other.object_ = nullptr;
    other.block_ = nullptr;
  }
  SharedAny& operator=(SharedAny other) noexcept {
    object_ = other.object_;
    detail::SharedBlock* const mine = block_;
    block_ = other.block_;
    other.block_ = mine;
    return *this;
  }
  constexpr ~SharedAny() {
    if (block_ != nullptr) detail::Disown(block_);
  }

  constexpr explicit operator bool() const noexcept { return object_ != nullptr; }
  /// The object's address, or null.
  constexpr const void* Address() const noexcept { return object_; }
  /// Whether nobody else owns it. Threads: holds as long as no other can copy this one, or has a
  /// Weak of it.
  bool IsOnlyOwner() const noexcept {
    return block_ != nullptr && __atomic_load_n(&block_->owners, __ATOMIC_ACQUIRE) == 1;
  }

  /// Whether both point to one object, or both to none.
  friend constexpr bool operator==(const SharedAny& left, const SharedAny& right) noexcept {
    return left.object_ == right.object_;
  }
  friend constexpr bool operator==(const SharedAny& left, std::nullptr_t) noexcept {
    return left.object_ == nullptr;
  }

 protected:
  friend class WeakAny;
  template <class T, class... Arguments>
  friend SharedAny MakeSharedAny(Arguments&&... arguments);

  explicit SharedAny(detail::SharedBlock* block) noexcept
      : object_(block->Object()), block_(block) {}
  /// Takes over an owner's part of `block`, which may be null.
  constexpr SharedAny(const void* object, detail::SharedBlock* block) noexcept
      : object_(object), block_(block) {}
  /// What `owner` owns, under another address.
  SharedAny(SharedAny&& owner, const void* object) noexcept
      : SharedAny(object, std::exchange(owner.block_, nullptr)) {
    owner.object_ = nullptr;
  }

 private:
  const void* object_ = nullptr;
  detail::SharedBlock* block_ = nullptr;
};

/// An object of type T made of these arguments, and its first owner, which forgets the type: see
/// MakeShared.
template <class T, class... Arguments>
SharedAny MakeSharedAny(Arguments&&... arguments) {
  using Object = std::remove_const_t<T>;
  // The memory alone at first: with nothing to destroy, it is given back where no object is made.
  if constexpr (alignof(Object) > alignof(detail::SharedBlock)) {
    SharedAny made(detail::AllocateShared(sizeof(Object*)));
    auto* const object = new Object(static_cast<Arguments&&>(arguments)...);
    ::new (made.block_->Object()) Object*(object);
    made.object_ = object;
    made.block_->destroy = &detail::DeleteShared<Object>;
    return made;
  } else {
    SharedAny made(detail::AllocateShared(sizeof(Object)));
    ::new (made.block_->Object()) Object(static_cast<Arguments&&>(arguments)...);
    if constexpr (!std::is_trivially_destructible_v<Object>)
      made.block_->destroy = &detail::DestroyShared<Object>;
    return made;
  }
}

/// A pointer to an object with several owners, of which the last one destroys it. As
/// std::shared_ptr, for a fraction of what that costs the compiler: MakeShared alone makes one, and
/// what counts knows no type. T may be incomplete everywhere else.
/// Threads: owners may be copied and dropped by several at once; one Shared may not be changed by
/// one thread while others use it.
template <class T>
class Shared : public SharedAny {
 public:
  constexpr Shared() noexcept = default;
  constexpr Shared(std::nullptr_t) noexcept {}  // NOLINT(google-explicit-constructor): none

  /// From one whose pointer converts: to const, to void, to a base, which needs no virtual
  /// destructor.
  template <class U>
  requires requires(U* from, void (&take)(T*)) { take(from); }
  Shared(Shared<U> other) noexcept  // NOLINT(google-explicit-constructor): as pointers do
      : SharedAny(static_cast<SharedAny&&>(other), static_cast<T*>(other.Get())) {}

  /// Points to `object`, and owns what `owner` owns: an object of which it is a part, for example.
  Shared(SharedAny owner, T* object) noexcept
      : SharedAny(static_cast<SharedAny&&>(owner), object) {}

  constexpr T* Get() const noexcept { return static_cast<T*>(const_cast<void*>(this->Address())); }
  constexpr auto& operator*() const noexcept { return *Get(); }
  constexpr T* operator->() const noexcept { return Get(); }

  /// Points to none, and is no owner any more.
  void Reset() noexcept { SharedAny::operator=(SharedAny()); }

 private:
  template <class Of, class... Arguments>
  friend Shared<Of> MakeShared(Arguments&&... arguments);

  explicit Shared(SharedAny&& made) noexcept : SharedAny(static_cast<SharedAny&&>(made)) {}
};

/// An object made of these arguments, and its first owner: one allocation. An aggregate is given
/// its members. Throws: what making the object throws, std::bad_alloc.
template <class T, class... Arguments>
Shared<T> MakeShared(Arguments&&... arguments) {
  return Shared<T>(MakeSharedAny<T>(static_cast<Arguments&&>(arguments)...));
}

/// What Weak adds types to.
class WeakAny {
 public:
  constexpr WeakAny() noexcept = default;
  explicit WeakAny(const SharedAny& shared) noexcept
      : object_(shared.object_), block_(shared.block_) {
    if (block_ != nullptr) detail::Increase(block_->watchers);
  }
  WeakAny(const WeakAny& other) noexcept : object_(other.object_), block_(other.block_) {
    if (block_ != nullptr) detail::Increase(block_->watchers);
  }
  WeakAny& operator=(WeakAny other) noexcept {
    std::swap(object_, other.object_);
    std::swap(block_, other.block_);
    return *this;
  }
  ~WeakAny() {
    if (block_ != nullptr) detail::Unwatch(block_);
  }

 protected:
  SharedAny LockAny() const noexcept {
    return block_ != nullptr && detail::TryOwn(block_) ? SharedAny(object_, block_) : SharedAny();
  }
  const void* Address() const noexcept { return object_; }

 private:
  const void* object_ = nullptr;
  detail::SharedBlock* block_ = nullptr;
};

/// Knows a shared object and does not own it: Lock says whether it is still there.
/// Threads: as Shared.
template <class T>
class Weak : public WeakAny {
 public:
  constexpr Weak() noexcept = default;
  Weak(const Shared<T>& shared) noexcept  // NOLINT(google-explicit-constructor): as pointers do
      : WeakAny(shared) {}

  /// An owner of the object, or null once the last one is gone.
  Shared<T> Lock() const noexcept {
    SharedAny owner = this->LockAny();
    if (!owner) return nullptr;
    return Shared<T>(std::move(owner), static_cast<T*>(const_cast<void*>(this->Address())));
  }
};

template <class T>
Weak(const Shared<T>&) -> Weak<T>;

}  // namespace grapnel::core
