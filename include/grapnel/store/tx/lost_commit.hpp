#pragma once

#include <grapnel/base/compiled.hpp>

#include <string>

namespace grapnel {

/// For a connection that is lost in COMMIT, on an engine with connections to lose:
/// `client.With(grapnel::FindLostCommits{})`. Before each COMMIT the transaction writes down its id
/// as one more row, of the table grapnel_commits, and another connection looks whether that is
/// there: the transaction is then known to be committed, which is no error at all, or rolled back,
/// a BusyError that may be run again. It looks until the deadline, by default for 10 seconds;
/// where it finds no server in this time, and everywhere without this, it is a TxError of outcome
/// Unknown. The same holds for a COMMIT that took place and was cancelled while it waited for a
/// standby: it is known to be committed when one that comes later is confirmed by the standby.
/// Rows are kept for a day, and then taken away by programs that write such rows themselves.
struct FindLostCommits {};

namespace detail {

/// An id that no other transaction has.
GRAPNEL_DECLARE std::string MakeCommitId();

}  // namespace detail
}  // namespace grapnel

#ifndef GRAPNEL_SEPARATE_COMPILATION
#include <grapnel/store/tx/impl/lost_commit.hpp>  // IWYU pragma: keep
#endif
