#pragma once

/// The store, whatever its engine: clients, mutations, queries, transactions.

#include <grapnel/store/check.hpp>
#include <grapnel/store/client.hpp>
#include <grapnel/store/database.hpp>
#include <grapnel/store/describe/types.hpp>
#include <grapnel/store/driver/error.hpp>
#include <grapnel/store/driver/lock_wait.hpp>
#include <grapnel/store/driver/statement_info.hpp>
#include <grapnel/store/entities.hpp>
#include <grapnel/store/format.hpp>
#include <grapnel/store/migrate/migration.hpp>
#include <grapnel/store/mutation/any_mutation.hpp>
#include <grapnel/store/mutation/cause.hpp>
#include <grapnel/store/mutation/conflict.hpp>
#include <grapnel/store/mutation/mutation.hpp>
#include <grapnel/store/mutation/value.hpp>
#include <grapnel/store/predicate/comparison.hpp>
#include <grapnel/store/predicate/members.hpp>
#include <grapnel/store/predicate/order.hpp>
#include <grapnel/store/predicate/predicate.hpp>
#include <grapnel/store/query/aggregate.hpp>
#include <grapnel/store/query/group.hpp>
#include <grapnel/store/query/query.hpp>
#include <grapnel/store/query/reading.hpp>
#include <grapnel/store/query/selection.hpp>
#include <grapnel/store/query/sql.hpp>
#include <grapnel/store/query/walk.hpp>
#include <grapnel/store/read_tx.hpp>
#include <grapnel/store/tx/lost_commit.hpp>
#include <grapnel/store/tx/retry.hpp>
#include <grapnel/store/tx/tx.hpp>
#include <grapnel/store/write/explanation.hpp>
