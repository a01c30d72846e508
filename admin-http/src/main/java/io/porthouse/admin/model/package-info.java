/** What the control plane keeps: accounts, rooms, tokens and what changed them. Values; none of them knows a database. */
@NullMarked
package io.porthouse.admin.model;

import org.jspecify.annotations.NullMarked;
