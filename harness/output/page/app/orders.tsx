import type { OrderDetail } from '../document.ts';
import { plural } from './status.tsx';

/** What lockdep recorded with the patch alone. What chance explains stands behind a word. */
export function Orders({ orders }: { orders: readonly OrderDetail[] }) {
  if (orders.length === 0) return null;
  const likely = orders.filter((order) => order.likely);
  const rest = orders.filter((order) => !order.likely);
  return (
    <section>
      <h2>Lock orders that lockdep recorded with the patch alone</h2>
      {likely.length > 0 && <OrderList orders={likely} />}
      {rest.length > 0 && (
        <details>
          <summary>{rest.length} that base implies or that chance explains</summary>
          <OrderList orders={rest} />
        </details>
      )}
    </section>
  );
}

const OrderList = ({ orders }: { orders: readonly OrderDetail[] }) => (
  <ul class="orders">
    {orders.map(({ sentence, programs, runs, meaning }) => (
      <li key={sentence}>
        {meaning === 'opposite' && <span class="badge bug">opposite</span>} {sentence}{' '}
        <span class="dim">
          {programs.length > 3 ? plural(programs.length, 'program') : programs.join(', ')},{' '}
          {plural(runs, 'run')}
        </span>
      </li>
    ))}
  </ul>
);
